import { basename, dirname, resolve, sep } from 'node:path'
import type { Canary, LeakScan, LeakScanPort, LeakScanRequest, SearchProof } from '../model/leak-scan.ts'
import { plantCanary } from './leak-scan/canary.ts'
import { searchFiles } from './leak-scan/search-files.ts'
import { Tally } from './leak-scan/tally.ts'

/** The search for known secrets on this machine's file system. */
export const leakScan: LeakScanPort = { scanPaths, plantCanary, proveSearchWorks }

async function scanPaths(request: LeakScanRequest): Promise<LeakScan> {
  const tally = new Tally(request)
  await searchFiles(request, tally)
  return tally.result(request.paths)
}

async function proveSearchWorks(
  directory: string,
  { secrets = [], ...options }: Omit<Partial<LeakScanRequest>, 'paths'> = {},
): Promise<SearchProof> {
  const root = resolve(directory)
  await using canary = await plantCanary(root)
  const scan = await scanPaths({ ...options, paths: [root], secrets: [...secrets, canary.secret] })
  return proofOf(scan, canary)
}

/** Splits one pass into what it says of the canary and what it says of everything else. */
function proofOf(scan: LeakScan, canary: Canary): SearchProof {
  const nest = dirname(canary.files[0]!) + sep
  const found = scan.findings.filter(finding => finding.secret === canary.secret.name && finding.path.startsWith(nest))
  const missed = canary.files.filter(file => !found.some(({ path }) => path === file || path.startsWith(`${file}!`)))
  const findings = scan.findings.filter(finding => !found.includes(finding))
  return {
    works: missed.length === 0,
    planted: canary.files.map(file => basename(file)),
    missed: missed.map(file => basename(file)),
    scan: {
      ...scan,
      clean: findings.length === 0 && scan.findingsOmitted === 0 && scan.unsearched.length === 0,
      searchedFiles: scan.searchedFiles - canary.files.length,
      secrets: scan.secrets - 1,
      findings,
    },
  }
}
