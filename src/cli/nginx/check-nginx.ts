import { files } from '../../adapters/files.ts'
import type { Sources } from '../../findings/excerpt.ts'
import { RunproofError } from '../../model/error.ts'
import type { Target } from '../../model/target.ts'
import type { Configuration } from '../../nginx/ast.ts'
import { connectionsPassedOn } from '../../nginx/connections.ts'
import { effective } from '../../nginx/effective/effective.ts'
import { type Finding, failing, judge, refusals } from '../../nginx/judge.ts'
import type { Checked, NginxSays } from '../../nginx/report/checked.ts'
import { checkedDocument } from '../../nginx/report/document.ts'
import { checkedLines } from '../../nginx/report/lines.ts'
import { checkedSarif } from '../../nginx/report/sarif.ts'
import { RULES } from '../../nginx/rules/all.ts'
import { survey } from '../../nginx/survey.ts'
import { readWaivers, type Waivers } from '../../nginx/waivers.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { CheckFlags } from '../commands/nginx.ts'
import { loadTarget } from '../registry.ts'
import { version } from '../version.ts'
import { readNginx, showPlace, WIDTH } from './read-nginx.ts'

/**
 * Judges a configuration and prints or writes what was found.
 *
 * @returns the exit code: 1 for findings at the level that fails, and where nginx itself refuses
 */
export async function checkNginx(file: string, flags: CheckFlags): Promise<number> {
  const target = await loadTarget(flags.target)
  const waivers =
    flags.waivers === undefined
      ? undefined
      : readWaivers(flags.waivers, await files.readText(flags.waivers), target.edge, new Date())
  const format = flags.json === true ? 'json' : flags.format
  try {
    const { checked, sources } = await check(file, { target, waivers, flags })
    await put(flags.output, render(format, checked, sources))
    return checked.exitCode
  } catch (thrown) {
    throw flags.json === true ? thrown : await showPlace(thrown)
  }
}

interface Asked {
  readonly target: Target
  readonly waivers: Waivers | undefined
  readonly flags: CheckFlags
}

async function check(file: string, { target, waivers, flags }: Asked): Promise<{ checked: Checked; sources: Sources }> {
  const { configuration, sources } = await readNginx(file)
  const { failOn, host } = flags
  const whole = effective(configuration)
  const surveyed = survey(whole, target.edge, host)
  if (surveyed.requests.length === 0) {
    throw new RunproofError('CONFIG_INVALID', `${file}: no server passes any of the daemon’s paths on`, {
      hint: `${surveyed.notJudged.join('; ') || 'it has no server'}. Ask with: runproof nginx explain ${file} /`,
    })
  }
  const subject = { configuration, effective: whole, edge: target.edge, requests: surveyed.requests }
  const judged = judge(subject, waivers)
  const nginx = await nginxSays(configuration, judged, flags)
  const findings = nginx.foreseen ? judged : [...judged, ...refusals(file, nginx.messages)]
  const failed = failing(findings, failOn).length > 0 || nginx.outcome === 'refused'
  const checked: Checked = {
    file,
    files: configuration.files.map(({ path }) => path),
    target: target.id,
    findings,
    ruleCount: RULES.length,
    survey: { ...surveyed, notJudged: [...surveyed.notJudged, ...connectionsPassedOn(configuration)] },
    nginx,
    failOn,
    exitCode: failed ? 1 : 0,
  }
  return { checked, sources }
}

/** Running a program brings much with it that reading needs none of. */
async function nginxSays(
  configuration: Configuration,
  findings: readonly Finding[],
  { nginx }: CheckFlags,
): Promise<NginxSays> {
  if (!nginx) return { outcome: 'skipped', by: '--no-nginx', messages: [], foreseen: true }
  const { askNginx } = await import('./ask-nginx.ts')
  return askNginx(configuration, findings)
}

function render(format: CheckFlags['format'], checked: Checked, sources: Sources): string {
  if (format === 'json') return `${JSON.stringify(checkedDocument(checked), null, 2)}\n`
  if (format === 'sarif') return `${JSON.stringify(checkedSarif(checked, sources, version()), null, 2)}\n`
  return checkedLines(checked, sources, WIDTH)
    .map(line => `${terminalLine(line)}\n`)
    .join('')
}

async function put(output: string | undefined, text: string): Promise<void> {
  if (output === undefined) process.stdout.write(text)
  else await files.write(output, text)
}
