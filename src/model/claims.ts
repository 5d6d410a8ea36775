/** What a run makes where its operator said, outside its own directory: known to `gc` should the run be killed. */
export interface Claims {
  /** Makes a private directory that `gc` may remove with all that is in it. One that is there already is not claimed. */
  makeDirectory(path: string): Promise<void>
  /** From now on it is the operator's. */
  handOver(path: string): void
}
