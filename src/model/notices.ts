/**
 * What an operator must hear first, from `gc` and from every later run, until it is taken down: it outlives the run that
 * put it up, and a crash.
 */
export interface Notices {
  /** Replaces a notice of the same id. Returns when it is on disk. @throws RunproofError DISK_FULL, FILE_UNREADABLE */
  put(id: string, text: string): Promise<void>
  has(id: string): Promise<boolean>
  /** Where a person finds and removes it. */
  place(id: string): string
  remove(id: string): Promise<void>
}
