import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export const CTRL_C = '\x03'
export const CTRL_D = '\x04'

/** A program with a terminal for all three streams, by `script(1)`, and somebody who answers what is asked. */
export class Terminal {
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #text = ''
  #seen = 0
  readonly #over = new AbortController()

  /** @param command - of a shell */
  constructor(
    command: string,
    given: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly columns?: number },
  ) {
    this.#child = spawn('script', ['-qec', `stty cols ${given.columns ?? 80} rows 30; exec ${command}`, '/dev/null'], {
      env: given.env,
      cwd: given.cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child
      .stdout!.setEncoding('utf8')
      .on('data', text => (this.#text = (this.#text + text).replaceAll('\r\n', '\n')))
    this.ended = once(this.#child, 'close').then(([status]) => {
      this.#over.abort()
      return status
    })
  }

  /** Everything that was shown. */
  get text(): string {
    return this.#text
  }

  /** Waits until something is shown that was not there at the last answer, then types. */
  async answer(prompt: string, typed: string): Promise<void> {
    await this.shows(prompt)
    this.#seen = this.#text.length
    this.#child.stdin!.write(typed)
  }

  /** @throws Error with all that was shown, when the program ends or a minute passes without it */
  async shows(text: string): Promise<void> {
    const shown = () => this.#text.includes(text, this.#seen)
    const over = AbortSignal.any([this.#over.signal, AbortSignal.timeout(60_000)])
    while (!shown()) {
      if (over.aborted) {
        this.#child.kill()
        throw new Error(`it never showed ${text}:\n${this.#text}`)
      }
      await once(this.#child.stdout!, 'data', { signal: over }).catch(() => {})
    }
  }
}
