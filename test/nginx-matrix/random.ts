/** The same numbers for the same seed, on every machine. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed
  }

  /** At least 0, below 1. Mulberry32. */
  number(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.number() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.number() * items.length)]!
  }

  /** Different ones, in their order. */
  some<Item>(items: readonly Item[], count: number): Item[] {
    const left = new Set(items)
    const chosen = new Set<Item>()
    while (chosen.size < count && left.size > 0) {
      const item = this.pick([...left])
      left.delete(item)
      chosen.add(item)
    }
    return items.filter(item => chosen.has(item))
  }

  /** From 0 up to and including `most`. */
  count(most: number): number {
    return Math.floor(this.number() * (most + 1))
  }
}
