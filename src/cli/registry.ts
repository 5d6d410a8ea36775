import { readdirSync } from 'node:fs'
import { basename, isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Report } from '../evidence/layout.ts'
import { closest } from '../model/closest.ts'
import { type ErrorCode, RunproofError } from '../model/error.ts'
import type { Runbook } from '../model/runbook.ts'
import type { Target } from '../model/target.ts'
import { ROOT } from './installation.ts'

/** A folder whose files are its entries: the file name is the id, the default export the thing. */
interface Registry {
  readonly noun: string
  readonly folder: string
  readonly unknown: ErrorCode
}

export const RUNBOOKS: Registry = { noun: 'runbook', folder: join(ROOT, 'runbooks'), unknown: 'UNKNOWN_RUNBOOK' }
export const SUITES: Registry = { noun: 'smoke suite', folder: join(ROOT, 'smoke'), unknown: 'UNKNOWN_RUNBOOK' }
export const TARGETS: Registry = { noun: 'target', folder: join(ROOT, 'src', 'targets'), unknown: 'UNKNOWN_TARGET' }
export const REPORTERS: Registry = { noun: 'reporter', folder: join(ROOT, 'src', 'reporters'), unknown: 'USAGE' }

/** Ids in a registry, sorted. No file is loaded. */
export function idsOf(registry: Registry): readonly string[] {
  return readdirSync(registry.folder)
    .filter(name => /\.[jt]s$/.test(name) && !/\.(test|d)\.[jt]s$/.test(name))
    .map(name => basename(name).replace(/\.[jt]s$/, ''))
    .sort()
}

export function fileOf(registry: Registry, id: string): string {
  return join(registry.folder, `${id}.ts`)
}

/** @throws RunproofError with the registry's code, and the nearest known id as the hint */
async function load(registry: Registry, id: string): Promise<{ thing: unknown; path: string }> {
  const known = idsOf(registry)
  if (!known.includes(id)) {
    const near = closest(id, known)
    throw new RunproofError(registry.unknown, `there is no ${registry.noun} ${id}`, {
      hint: near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}? known: ${known.join(', ')}`,
    })
  }
  const path = fileOf(registry, id)
  return { thing: ((await import(pathToFileURL(path).href)) as { default: unknown }).default, path }
}

export interface LoadedRunbook {
  readonly runbook: Runbook
  readonly path: string
}

/** A runbook or smoke suite by id, or by the path of a file that exports one. */
export function loadRunbook(nameOrPath: string): Promise<LoadedRunbook> {
  if (nameOrPath.includes('/')) return loadFile(nameOrPath, RUNBOOKS)
  return loadFrom(idsOf(SUITES).includes(nameOrPath) ? SUITES : RUNBOOKS, nameOrPath)
}

/** A smoke suite by id, or by the path of a file that exports one. */
export function loadSuite(nameOrPath: string): Promise<LoadedRunbook> {
  return nameOrPath.includes('/') ? loadFile(nameOrPath, SUITES) : loadFrom(SUITES, nameOrPath)
}

async function loadFrom(registry: Registry, id: string): Promise<LoadedRunbook> {
  const { thing, path } = await load(registry, id)
  return { runbook: thing as Runbook, path }
}

async function loadFile(file: string, registry: Registry): Promise<LoadedRunbook> {
  const path = isAbsolute(file) ? file : resolve(file)
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: Runbook }
    if (typeof module.default?.steps !== 'function') throw new TypeError('it has no runbook as its default export')
    return { runbook: module.default, path }
  } catch (cause) {
    throw new RunproofError(
      registry.unknown,
      `${file} can't be loaded: ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: `a name out of ${idsOf(registry).join(', ')}, or a file that exports a runbook`,
        cause,
      },
    )
  }
}

export async function loadTarget(id: string): Promise<Target> {
  return (await load(TARGETS, id)).thing as Target
}

export async function loadReports(): Promise<readonly Report[]> {
  const reports: Report[] = []
  for (const id of idsOf(REPORTERS)) reports.push(await loadReport(id))
  return reports
}

export async function loadReport(id: string): Promise<Report> {
  return (await load(REPORTERS, id)).thing as Report
}
