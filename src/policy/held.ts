/** Whether something holds; `unknown` where there is nothing that it could be told from. */
export interface Held {
  readonly holds: 'yes' | 'no' | 'unknown'
  readonly why: string
}

export const yes = (why: string): Held => ({ holds: 'yes', why })
export const no = (why: string): Held => ({ holds: 'no', why })
export const unknown = (why: string): Held => ({ holds: 'unknown', why })

/** The first that holds, else the first that may. @param none - why nothing does */
export function anyOf(held: readonly Held[], none: string): Held {
  return held.find(one => one.holds === 'yes') ?? held.find(one => one.holds === 'unknown') ?? no(none)
}

/** The first that does not hold, else the first that may not. @param all - what holds */
export function everyOf(held: readonly Held[], all: string): Held {
  return held.find(one => one.holds === 'no') ?? held.find(one => one.holds === 'unknown') ?? yes(all)
}
