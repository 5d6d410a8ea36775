/** Whether a directory is a path or contains it; both absolute and normalised, decided on the text. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}
