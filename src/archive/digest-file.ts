import { RunproofError } from '../model/error.ts'

const HINT = 'expected is the output of sha256sum: 64 hex digits, two spaces, the file name'

/**
 * The SHA-256 that a `sha256sum` file gives for a file name. Text and binary mode, and names escaped with a leading
 * backslash, are known; a directory in front of the name is ignored, since the file may have been made elsewhere.
 *
 * @throws RunproofError DIGEST_FILE_INVALID when a line is malformed, the file is empty, or it names only other files
 */
export function expectedDigest(text: string, fileName: string, name: string): string {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  if (lines.length === 0) throw invalid(`${name} is empty`)
  const entries = lines.map((line, index) => parseLine(line) ?? invalidLine(name, index + 1))
  const found = new Set(entries.filter(entry => baseName(entry.path) === baseName(fileName)).map(entry => entry.sha256))
  if (found.size === 1) return [...found][0]!
  if (found.size > 1) throw invalid(`${name} gives ${found.size} digests for ${fileName}`)
  const others = entries.slice(0, 3).map(entry => entry.path)
  throw invalid(
    `${name} does not name ${fileName}; it names ${others.join(', ')}`,
    'is it the digest file of another archive?',
  )
}

/** One line that {@link expectedDigest} and `sha256sum --check` read. */
export function digestLine(sha256: string, fileName: string): string {
  const escaped = fileName.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${escaped === fileName ? '' : '\\'}${sha256}  ${escaped}\n`
}

/** @throws RunproofError DIGEST_MISMATCH */
export function requireDigest(expected: string, actual: string, name: string): void {
  if (expected.toLowerCase() === actual) return
  throw new RunproofError('DIGEST_MISMATCH', `${name} has SHA-256 ${actual}, expected is ${expected.toLowerCase()}`, {
    hint: 'the archive is damaged or another one; fetch it again and do not restore from this copy',
  })
}

function parseLine(line: string): { sha256: string; path: string } | undefined {
  const match = /^(\\?)([0-9a-f]{64}) [ *](.+?)\r?$/i.exec(line)
  if (match === null) return undefined
  const [, escaped, sha256, path] = match
  const plain =
    escaped === ''
      ? path!
      : path!.replace(/\\([\\nr])/g, (_, code: string) => (code === 'n' ? '\n' : code === 'r' ? '\r' : '\\'))
  return { sha256: sha256!.toLowerCase(), path: plain }
}

function invalidLine(name: string, line: number): never {
  throw invalid(`${name}, line ${line}, is not a sha256sum line`)
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function invalid(message: string, hint = HINT): RunproofError {
  return new RunproofError('DIGEST_FILE_INVALID', message, { hint })
}
