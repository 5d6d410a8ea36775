/**
 * How many items at the beginning of a list something holds for, where it holds for none after the first that it does not
 * hold for. Looked up by halves: pages have thousands of places, and each is asked for.
 */
export function leading<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(items[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}
