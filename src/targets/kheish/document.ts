import type { Json } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'

/** Members of a document, strictly: what is missing or of another type is an error that names it, never a default. */
export class Document {
  readonly #value: Json | undefined
  readonly #path: string

  constructor(value: Json | undefined, path: string) {
    this.#value = value
    this.#path = path
  }

  at(name: string): Document {
    const holder = this.#value
    if (typeof holder !== 'object' || holder === null || Array.isArray(holder)) throw this.#wrong('an object')
    return new Document((holder as Record<string, Json | undefined>)[name], `${this.#path}.${name}`)
  }

  get present(): boolean {
    return this.#value !== undefined
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.#wrong('text')
    return this.#value
  }

  count(): number {
    if (typeof this.#value !== 'number' || !Number.isSafeInteger(this.#value) || this.#value < 0)
      throw this.#wrong('a whole number from 0 on')
    return this.#value
  }

  flag(): boolean {
    if (typeof this.#value !== 'boolean') throw this.#wrong('true or false')
    return this.#value
  }

  list(): readonly Document[] {
    if (!Array.isArray(this.#value)) throw this.#wrong('a list')
    return this.#value.map((item: Json, index: number) => new Document(item, `${this.#path}[${index}]`))
  }

  /** One of the words there are for something: an unknown one is a state nobody has thought of. */
  oneOf<const Word extends string>(words: readonly Word[]): Word {
    const said = this.text()
    const known = words.find(word => word === said)
    if (known === undefined) throw this.#wrong(`one of ${words.join(', ')}`)
    return known
  }

  /** Names of the members of a map. */
  names(): readonly string[] {
    const holder = this.#value
    if (typeof holder !== 'object' || holder === null || Array.isArray(holder)) throw this.#wrong('an object')
    return Object.keys(holder)
  }

  optional<Value>(read: (document: Document) => Value, otherwise: Value): Value {
    return this.present ? read(this) : otherwise
  }

  #wrong(expected: string): RunproofError {
    const found = this.#value === undefined ? 'missing' : JSON.stringify(this.#value).slice(0, 80)
    return new RunproofError('ANSWER_MALFORMED', `${this.#path} should be ${expected}, it is ${found}`)
  }
}
