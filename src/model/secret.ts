import { RunproofError } from './error.ts'

/** Under this length a value can't be redacted without garbling everything that is printed. */
export const SHORTEST_SECRET = 8

/**
 * A named value that must not be seen. It prints as `[secret NAME]` wherever a string is made of it; the value leaves
 * only through {@link Secret.reveal}, which only adapters call.
 */
export class Secret {
  readonly name: string
  /** Made here, so that nobody else has it yet: a provider that has to know it does not. */
  readonly generated: boolean
  readonly #value: string

  /** @throws RunproofError SECRET_TOO_SHORT when the value has fewer than 8 characters */
  constructor(name: string, value: string, { generated = false }: { readonly generated?: boolean } = {}) {
    if (value.length < SHORTEST_SECRET) {
      throw new RunproofError(
        'SECRET_TOO_SHORT',
        `secret ${name} has ${value.length} characters, at least ${SHORTEST_SECRET} are needed`,
        { hint: 'a shorter value cannot be kept out of reports without making them unreadable; use a longer one' },
      )
    }
    this.name = name
    this.generated = generated
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return `[secret ${this.name}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
