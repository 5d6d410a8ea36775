import { type HelpPage, UNKNOWN_PAGE } from './help-page.ts'

/** A layout that nothing here reads: what can be seen of it proves that something exists, never that something does not. */
export function readOther(): HelpPage {
  return { ...UNKNOWN_PAGE, doubts: ['its help has a layout that is not read'] }
}
