/**
 * The names of a path that can only lead downwards from where it is relative to, or undefined: it is absolute or empty,
 * holds a NUL, or one of its names is empty, `.` or `..`. Symlinks on the way are for the caller to look at.
 */
export function namesInside(relative: string): readonly [string, ...string[]] | undefined {
  const names = relative.split('/')
  const plain = names.every(name => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'))
  return plain ? (names as [string, ...string[]]) : undefined
}
