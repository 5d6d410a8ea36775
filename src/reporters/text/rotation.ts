import type { Evidence } from '../../evidence/schema.ts'

/** What clients saw while a token was replaced; nothing where none was, or where it was not seen to its end. */
export function rotationLines({ facts }: Pick<Evidence, 'facts'>): readonly string[] {
  const of = (name: string) => facts[`rotation.${name}`]
  if (of('gapMs') === undefined) return []
  const gapMs = facts['throughout.gapMs'] ?? of('gapMs')
  const requests = facts['throughout.requests'] ?? of('requests')
  return [
    `rotation  gap ${gapMs} ms in ${requests} requests; around the replacement the longest silence was ${of('longestSilenceMs')} ms`,
    `          from when replacing began: new token first accepted ${when(of('firstNewMs'))}, old one last ${when(of('lastOldMs'))}`,
    `          ${of('tornReads')} of ${of('fileReads')} reads of the file torn, empty or missing`,
    `stream    opened with the old token: ${of('heldStream')}`,
  ]
}

function when(ms: Evidence['facts'][string] | undefined): string {
  if (typeof ms !== 'number') return 'never'
  return ms < 0 ? `${-ms} ms before` : `after ${ms} ms`
}
