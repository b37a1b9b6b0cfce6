/**
 * A node:test reporter that prints what failed, in full, and one closing count; what passed is not worth a line.
 *
 * @module
 */

import type { TestEvent } from 'node:test/reporters'

export { report as default }

async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0
  let failedCount = 0
  for await (const event of source) {
    if (event.type === 'test:pass' && event.data.details.type !== 'suite') passed += 1
    if (event.type === 'test:fail') {
      failedCount += 1
      const { name, file, details } = event.data
      const cause = details.error.cause
      yield `\nFAILED ${file ?? ''}: ${name}\n${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`
    }
    if (event.type === 'test:stderr' && event.data.message.trim() !== '') yield event.data.message
  }
  yield `\ntests ${passed + failedCount} passed ${passed} failed ${failedCount}\n`
}
