/** Lists, quotations, elements of JSX and the like that are open at a place of a page. */
export class Surroundings {
  #open: { readonly kind: string; readonly name: string }[] = []
  #kinds: readonly string[] = []

  /** Kinds of what is open, nearest first. The same value until something opens or closes. */
  get within(): readonly string[] {
    return this.#kinds
  }

  enter(kind: string, name = ''): void {
    this.#open.push({ kind, name })
    this.#changed()
  }

  /** Closes the nearest that is meant, and what was opened inside it and never closed. */
  leave(kind: string, name = ''): void {
    const index = this.#open.findLastIndex(one => one.kind === kind && one.name === name)
    if (index === -1) return
    this.#open.length = index
    this.#changed()
  }

  has(kind: string, name: string): boolean {
    return this.#open.some(one => one.kind === kind && one.name === name)
  }

  #changed(): void {
    this.#kinds = this.#open.map(one => one.kind).reverse()
  }
}
