import type { JournalRecord } from '../../evidence/schema.ts'

type Data = JournalRecord['data']

/** What a record says, in words; undefined for what a timeline counts instead of listing. */
type Describe = (data: Data) => string | undefined

const text = (data: Data, member: string): string => {
  const value = data[member]
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The parts that there are, joined. */
const parts = (...given: readonly (string | undefined)[]): string =>
  given.filter(part => part !== undefined && part !== '').join('; ')

const labelled = (label: string, value: string): string => (value === '' ? '' : `${label} ${value}`)

const decisionOf = (data: Data): Data => {
  const { decision } = data
  return typeof decision === 'object' && decision !== null && !Array.isArray(decision) ? (decision as Data) : {}
}

const approval = (data: Data): string => {
  const decision = decisionOf(data)
  return parts(
    labelled('rule', text(decision, 'rule')),
    labelled('approved by', text(decision, 'approvedBy')),
    text(decision, 'how'),
  )
}

/** By type of record, as `docs/incident.md` lists them. */
const DESCRIPTIONS: Readonly<Record<string, Describe>> = {
  'run-started': data =>
    parts(
      `${text(data, 'runbook')} on ${text(data, 'target')} begins as ${text(data, 'runId')}`,
      labelled('roles', rolesOf(data)),
      labelled('steps', Array.isArray(data['steps']) ? data['steps'].join(', ') : ''),
    ),
  'approval-asked': data =>
    parts(
      `${text(data, 'of') || 'nobody'} is asked to approve`,
      labelled('rule', text(data, 'rule')),
      text(data, 'ruleReason'),
      labelled('the word', text(data, 'confirm')),
      labelled('until', text(data, 'deadlineAt')),
    ),
  'approval-answered': data =>
    parts(data['granted'] === true ? 'approved' : 'not approved', text(data, 'how'), text(data, 'reason')),
  'step-started': data => parts(`begins (${text(data, 'effect')})`, text(data, 'title'), approval(data)),
  'step-again': () => 'has it tried again',
  'step-denied': data => parts(`denied (${text(data, 'effect')})`, approval(data)),
  command: data => `runs ${text(data, 'command')}`,
  'command-denied': data =>
    parts(`denied to run ${text(data, 'command')}`, labelled('rule', text(data, 'rule')), text(data, 'reason')),
  check: data =>
    data['outcome'] === 'passed'
      ? undefined
      : parts(`check ${text(data, 'check')}: ${text(data, 'outcome')}`, text(data, 'title'), text(data, 'reason')),
  counterproof: data =>
    data['outcome'] === 'red' || data['outcome'] === 'not-run'
      ? undefined
      : parts(
          `counterproof ${text(data, 'counterproof')} of check ${text(data, 'check')}: ${text(data, 'outcome')}`,
          text(data, 'breaks'),
          text(data, 'said'),
        ),
  'step-ended': data => parts(`ends: ${text(data, 'outcome')}`, text(data, 'reason')),
  'manual-asked': data =>
    parts(
      `${text(data, 'of') || 'a person'} is asked to do: ${text(data, 'instruction')}`,
      labelled('to confirm:', text(data, 'confirm')),
    ),
  attested: data => parts(`attests: ${text(data, 'statement')}`, labelled('attached', attachmentOf(data))),
  skipped: data => `leaves the step out: ${text(data, 'reason')}`,
  note: data => `notes: ${text(data, 'text')}`,
  handover: data => {
    const what = text(data, 'role')
    return `${text(data, 'from') || 'nobody'} hands ${what === '' ? 'the run' : `the role ${what}`} over to ${text(data, 'to')}`
  },
  snapshot: data => `evidence is collected into ${text(data, 'path')}`,
  'snapshot-ended': data => parts(`${text(data, 'path')}: ${text(data, 'outcome')}`, text(data, 'reason')),
  'undo-started': data => `is taken back: ${text(data, 'describe')}`,
  undone: data => parts(`taken back: ${text(data, 'outcome')}`, text(data, 'reason')),
  stopped: data => (data['nobody'] === true ? 'nobody is at the terminal any more: the run stops' : 'stops the run'),
  released: data => parts(`${text(data, 'kind')} of ${text(data, 'what')}: ${text(data, 'outcome')}`),
  'run-broken': data =>
    parts(
      `${text(data, 'runId')} broke off (${text(data, 'kind')})`,
      labelled('its last record is of', text(data, 'lastRecordAt')),
    ),
  'run-resumed': data => `goes on with ${text(data, 'from')} as ${text(data, 'runId')}, on ${text(data, 'host')}`,
  'carried-over': data => `had ended in ${text(data, 'from')} before the break`,
  'looked-first': data =>
    data['tookEffect'] === true ? 'had taken effect before the break' : 'had not taken effect before the break',
  settled: data => parts(`says whether it was done before the break: ${text(data, 'answer')}`, text(data, 'how')),
  captured: () => undefined,
  told: data => (typeof data['assumed'] === 'string' ? `assumed: ${data['assumed']}` : undefined),
  'run-ended': data => `the run ends: ${text(data, 'outcome')}`,
}

function rolesOf(data: Data): string {
  const { roles } = data
  if (typeof roles !== 'object' || roles === null || Array.isArray(roles)) return ''
  return Object.entries(roles)
    .map(([role, name]) => `${role} is ${String(name)}`)
    .join(', ')
}

function attachmentOf(data: Data): string {
  const { attachment } = data
  if (typeof attachment !== 'object' || attachment === null || Array.isArray(attachment)) return ''
  const { path, sha256 } = attachment as Data
  return `${String(path)} (sha256 ${String(sha256)})`
}

/** @returns undefined for a record that is only counted; of a type that is not known here, that it is not */
export function describe({ type, data }: JournalRecord): string | undefined {
  const known = Object.hasOwn(DESCRIPTIONS, type) ? DESCRIPTIONS[type] : undefined
  return known === undefined ? 'a record that this version does not know' : known(data)
}

/** Whether people and steps stand in it: such a record is listed before one of a command is. */
export const isMinor = ({ type }: { readonly type: string }): boolean =>
  ['command', 'check', 'counterproof', 'told', 'released'].includes(type)
