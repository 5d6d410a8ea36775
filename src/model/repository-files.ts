/**
 * What lies below the root that pages refer to. Paths are relative to it, with `/`, without `.` and `..`; `''` is the root
 * itself. Links are followed only where they stay below it; what is outside does not exist.
 */
export interface RepositoryFiles {
  kindOf(path: string): 'file' | 'directory' | undefined
  /** Names in a directory, in any order; empty where there is none. */
  namesIn(path: string): readonly string[]
  /** Paths of files of that name anywhere below the root, without those of dependencies; empty in a tree too big to look through. */
  named(name: string): readonly string[]
  /** Undefined where it is no file, no UTF-8, longer than 1 MiB, or may not be read. */
  read(path: string): string | undefined
}
