/**
 * Long work, shown as it happens: a list of named steps for a person at a terminal, plain lines on stderr for programs.
 *
 * @module
 */

import { Listr } from 'listr2'

export interface Step {
  readonly title: string
  /** @param tell says what happens right now @returns what is shown when it is done */
  run(tell: (text: string) => void): Promise<string | undefined | void>
}

export interface RunStepsOptions {
  readonly steps: readonly Step[]
  readonly isInteractive: boolean
  readonly writeLine: (line: string) => void
}

/** Runs steps one after another; the first failure ends the run and is thrown as it came. */
export async function runSteps({ steps, isInteractive, writeLine }: RunStepsOptions): Promise<void> {
  if (isInteractive) return runListed(steps)
  for (const [index, { title, run }] of steps.entries()) {
    const startedMs = performance.now()
    writeLine(`[${index + 1}/${steps.length}] ${title} ...`)
    const said = await run((text) => writeLine(`      ${text}`))
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    writeLine(`      done in ${seconds} s${said === undefined ? '' : `: ${said}`}`)
  }
}

async function runListed(steps: readonly Step[]): Promise<void> {
  const list = new Listr(
    steps.map(({ title, run }) => ({
      title,
      task: async (_context: unknown, task: { title: string; output: string }): Promise<void> => {
        const said = await run((text) => {
          task.output = text
        })
        if (said !== undefined) task.title = `${title}: ${said}`
      },
    })),
    {
      exitOnError: true,
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
      registerSignalListeners: false,
    },
  )
  await list.run()
}
