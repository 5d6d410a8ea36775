import type { HelpPage } from './help-page.ts'

/** A layout that nothing here reads: what can be seen of it proves that something exists, never that something does not. */
export function readOther(): HelpPage {
  return {
    style: 'other',
    aliases: [],
    options: [],
    optionsKnown: false,
    args: null,
    commands: [],
    commandsKnown: false,
    commandRequired: false,
    groups: [],
    doubts: ['its help has a layout that is not read'],
  }
}
