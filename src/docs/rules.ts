import type { RuleText } from '../findings/sarif.ts'
import type { RuleId, Severity } from './finding.ts'

interface Text {
  /** What holds when it is kept. */
  readonly title: string
  readonly why: string
  /** Of most of its findings. */
  readonly severity?: Severity
}

const TEXTS: Readonly<Record<RuleId, Text>> = {
  'page-unreadable': {
    title: 'A page can be read',
    why: 'Nothing is known of what it says, so nothing of it was checked.',
  },
  'page-not-text': {
    title: 'A page is text',
    why: 'Bytes that are no UTF-8 were read as replacement characters, or not at all: what stands there was not checked.',
  },
  'page-syntax': {
    title: 'A page follows the grammar of its format',
    why: 'Where the grammar is broken, a site shows something else than what was written, or nothing.',
  },
  'fence-unclosed': {
    title: 'A fence of code ends',
    why: 'Everything up to the end of the page is shown as code, and prose would be read as commands.',
  },
  'shell-syntax': {
    title: 'A fence of shell is shell',
    why: 'A shell refuses what is copied from it, often only after it has run the first half.',
  },
  'no-command': {
    title: 'There are commands in what is checked',
    why: 'A check that found nothing to check proves nothing: is it the right page, and are its commands set as code?',
  },
  'forbidden-fragment': {
    title: 'No page says what was forbidden',
    why: 'The configuration names the text, and the reason is given with each place.',
  },
  'unknown-program': {
    title: 'A page names programs that are known',
    why: 'Nobody can run a program that does not exist, and nothing was checked of its commands.',
  },
  'unknown-command': {
    title: 'A documented sub-command exists',
    why: 'The program refuses it. Whoever follows the page finds out when it is needed.',
  },
  'unknown-flag': {
    title: 'A documented flag exists where it is used',
    why: 'The program refuses the whole command line for one flag it does not know.',
  },
  'flag-value-unknown': {
    title: 'A flag has a value that the program lists',
    why: 'Help enumerates what may be given, and the program refuses all else.',
  },
  'flag-value-missing': {
    title: 'A flag that takes a value has one',
    why: 'The next word is taken for the value, or the program refuses the command line.',
  },
  'flag-value-unexpected': {
    title: 'A switch has no value',
    why: 'The program refuses the value, or takes it for an argument.',
  },
  'flag-repeated': {
    title: 'A flag that may be given once is given once',
    why: 'The program refuses it, or keeps one of the values without saying which.',
  },
  'flag-missing': {
    title: 'A required flag is given',
    why: 'The program refuses the command line without it.',
  },
  'flags-exclusive': {
    title: 'Flags that exclude each other are not given together',
    why: 'The program refuses them, or quietly follows one.',
  },
  'argument-missing': {
    title: 'A required argument is given',
    why: 'The program refuses the command line without it.',
  },
  'argument-unexpected': {
    title: 'There are not more arguments than the program takes',
    why: 'The program refuses the word, or it is the rest of a command that was renamed.',
  },
  'argument-value-unknown': {
    title: 'An argument is one that the program lists',
    why: 'Help enumerates what may be given, and the program refuses all else.',
  },
  'file-missing': {
    title: 'A file that a page names exists',
    why: 'Whoever follows the page stops there; mostly the file was renamed and the page was not.',
  },
  'script-broken': {
    title: 'A script that a page names is one a shell can read',
    why: 'It ends with a syntax error, perhaps after its first half has run.',
  },
  'json-path-unknown': {
    title: 'A member of JSON that a page names exists',
    why: 'A query for it gives null, which looks like an answer.',
  },
  'command-undocumented': {
    title: 'Every sub-command is documented',
    why: 'Nobody knows what is not written down, and nobody notices when it changes.',
    severity: 'warning',
  },
  'flag-undocumented': {
    title: 'Every flag is documented',
    why: 'Nobody knows what is not written down, and nobody notices when it changes.',
    severity: 'warning',
  },
  'command-unexercised': {
    title: 'What is documented is run by a runbook or a smoke suite',
    why: 'That a command exists says nothing of whether it works.',
    severity: 'warning',
  },
  'runbook-undocumented': {
    title: 'What a runbook runs is documented',
    why: 'An operator who has to do it by hand finds nothing to follow.',
  },
  'citation-page': {
    title: 'A runbook cites a page that exists',
    why: 'The step rests on something that nobody can read.',
  },
  'citation-command': {
    title: 'A runbook cites a command that its page has',
    why: 'The page was changed and the runbook was not, or the other way round.',
  },
  'citation-argv': {
    title: 'A runbook runs what the page it cites says',
    why: 'Either of the two is wrong, and nobody has looked which.',
  },
  'ignore-expired': {
    title: 'An entry of the ignore list holds until the day it was given for',
    why: 'What it excused counts again: mend it, or decide anew and give another day.',
  },
  'ignore-unused': {
    title: 'An entry of the ignore list excuses something',
    why: 'What it excused is gone, or it was never written right. It would hide the next finding of its kind.',
    severity: 'warning',
  },
}

/** Of every rule, in the order in which they are told. */
export const RULES: readonly RuleText[] = Object.entries(TEXTS).map(([id, { title, why, severity = 'error' }]) => ({
  id,
  title,
  why,
  severity,
}))

export function whyOf(rule: RuleId): string {
  return TEXTS[rule].why
}
