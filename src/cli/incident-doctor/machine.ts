import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'
import { files } from '../../adapters/files.ts'
import { lookUpProgram } from '../../adapters/find-program.ts'
import { commands } from '../../adapters/run-command.ts'
import { ROOT } from '../installation.ts'
import { ask, type Finding, missing, ok } from './finding.ts'
import type { Instances } from './input.ts'

const LAUNCHER = path.join(ROOT, 'bin', 'runproof')
const NEEDED_NODE = 24
const NEEDED_COLUMNS = 80
/** Two machines that wrote to the same reports need not agree to the second. */
const CLOCK_SLACK_MS = 60_000
/** `restore-drill-20260131T021000Z-1a2b3c` */
const INSTANT_IN_NAME = /-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-/

export function node(version: string): Finding {
  const fits = Number(version.split('.')[0]) >= NEEDED_NODE
  return fits
    ? ok('node', version)
    : missing('node', `${version}, and ${NEEDED_NODE} is needed`, `(cd ${ROOT} && npm ci)`)
}

export function launcher(file = LAUNCHER): Promise<Finding> {
  return ask('launcher', async () => {
    try {
      await access(file, constants.R_OK | constants.X_OK)
      return ok('launcher', file)
    } catch {
      return missing('launcher', `${file} is not an executable file`, `chmod 755 ${file}`)
    }
  })
}

/**
 * Whether the clock can be believed, by what lies here: nothing is asked of the network. It may not be before this
 * installation, nor before the newest evidence.
 *
 * @param synchronised - what this machine says of it; undefined where nothing says
 */
export function clockIsSane(
  now: Date,
  reportsDir: string,
  synchronised: () => Promise<boolean | undefined> = askTimedatectl,
): Promise<Finding> {
  return ask('clock', async () => {
    const help = 'timedatectl set-ntp true, or chronyc makestep'
    const installed = (await stat(path.join(ROOT, 'package.json'))).mtime
    if (now.getTime() < installed.getTime() - CLOCK_SLACK_MS)
      return missing(
        'clock',
        `${now.toISOString()}, and this installation is of ${installed.toISOString()}: it is slow`,
        help,
      )
    // A place that cannot be read is told where it is looked at itself.
    const newest = newestInstant(await files.list(reportsDir).catch(() => []))
    if (newest !== undefined && now.getTime() < newest - CLOCK_SLACK_MS)
      return missing('clock', `${now.toISOString()}, and evidence here is of ${new Date(newest).toISOString()}`, help)
    const known = await synchronised()
    if (known === false) return missing('clock', `${now.toISOString()}, and it is not synchronised`, help)
    const told = known === undefined ? 'nothing here says whether it is synchronised' : 'synchronised'
    return ok('clock', `${now.toISOString()}, ${told}`)
  })
}

function newestInstant(names: readonly string[]): number | undefined {
  const instants = names.flatMap(name => {
    const [, year, month, day, hour, minute, second] = INSTANT_IN_NAME.exec(name) ?? []
    const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
    return Number.isNaN(at) ? [] : [at]
  })
  return instants.length === 0 ? undefined : Math.max(...instants)
}

async function askTimedatectl(): Promise<boolean | undefined> {
  const program = lookUpProgram('timedatectl')
  if (program === undefined) return undefined
  const argv = [program, 'show', '--property=NTPSynchronized', '--value'] as const
  const { exitCode, stdout } = await commands.run({ argv }, { timeoutMs: 3_000 })
  return exitCode === 0 ? stdout.trim() === 'yes' : undefined
}

export interface Terminal {
  /** of what is typed at, and of what is read */
  readonly isTty: boolean
  readonly columns: number | undefined
}

/** Whether `--step` can show a step here. */
export function terminal({ isTty, columns = 0 }: Terminal, env: NodeJS.ProcessEnv): Finding {
  if (!isTty)
    return missing('terminal', 'none: --step asks a person at one', 'ssh -t HOST, or --unattended where nobody will')
  if (columns < NEEDED_COLUMNS)
    return missing(
      'terminal',
      `${columns} columns, and a step needs ${NEEDED_COLUMNS}`,
      `stty columns ${NEEDED_COLUMNS}`,
    )
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  const letters = /utf-?8/i.test(locale) ? 'UTF-8' : 'no UTF-8 said of it'
  return ok('terminal', `${columns} columns, ${letters}`)
}

export function isolation(instances: Instances): Promise<Finding> {
  return ask('isolation', async () => {
    const { kind, reason } = await instances.detectBarrier()
    return kind === 'none'
      ? missing(
          'isolation',
          `${reason}: no rehearsal, and no restored backup that may not act`,
          'apt-get install bubblewrap',
        )
      : ok('isolation', `${kind}: ${reason}`)
  })
}
