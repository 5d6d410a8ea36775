export interface SseEvent {
  /** Of this event alone, as text: it may be beyond 2^53. Undefined where it has none; an earlier one is not carried on. */
  readonly id: string | undefined
  /** `message` where the stream names none. */
  readonly event: string
  readonly data: string
  /** When the bytes that completed it came, by the reader's clock. */
  readonly arrivedAtMs?: number
}

const MAX_ID = 2n ** 64n - 1n

/** An id as a number, if it is one as a u64 is printed: decimal, without sign, blanks or leading zeros. */
export function readEventId(text: string): bigint | undefined {
  if (!/^(?:0|[1-9]\d{0,19})$/.test(text)) return undefined
  const value = BigInt(text)
  return value <= MAX_ID ? value : undefined
}
