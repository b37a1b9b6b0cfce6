/**
 * What a schema found wrong, in words for people: which value, and what it should have been.
 *
 * @module
 */

import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** Most that are named; the rest is found by mending these. */
const namedMax = 5

const kinds: Readonly<Record<string, string>> = { bigint: 'a whole number', number: 'a number', int: 'a whole number' }

function textOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return `is not ${kinds[issue.expected] ?? `a ${issue.expected}`}`
  if (issue.code === 'invalid_value') return `is not ${issue.values.map(String).join(' or ')}`
  if (issue.code === 'too_small') return issue.origin === 'string' ? 'is too short' : `is less than ${issue.minimum}`
  if (issue.code === 'too_big') return issue.origin === 'string' ? 'is too long' : `is more than ${issue.maximum}`
  if (issue.code === 'invalid_format') {
    if (issue.format === 'url') return 'is not an address like http://host:port'
    // A pattern that does not say in words what it wants gets the library's, which shows the expression.
    return issue.message.startsWith('Invalid') ? 'has another form' : `is not ${issue.message}`
  }
  if (issue.code === 'unrecognized_keys') return `has no setting ${issue.keys.join(', ')}`
  return `is not ${issue.message}`
}

/**
 * @param nameOf what the user called the value at that key
 * @returns such as '--epoch is not a whole number; --port is more than 65535'
 */
export function plainIssues(error: z.ZodError, nameOf: (key: string) => string): string {
  return error.issues
    .slice(0, namedMax)
    .map((issue) =>
      `${issue.path.length === 0 ? nameOf('') : nameOf(issue.path.map(String).join('.'))} ${textOf(issue)}`.trim(),
    )
    .join('; ')
}
