import { rmSync, writeFileSync } from 'node:fs'

/** What Debian's packages ask before they start a service. @see invoke-rc.d(8) */
const POLICY = '/usr/sbin/policy-rc.d'
/** 101: the action is forbidden. */
const FORBIDDING = '#!/bin/sh\nexit 101\n'

/**
 * Acts while no package may start a service, so that installing nginx leaves no web server running. A policy that is there
 * already stays as it is.
 *
 * @param file - in place of the system's own
 */
export async function withServicesHeld<Result>(act: () => Promise<Result>, file = POLICY): Promise<Result> {
  if (!forbid(file)) return act()
  const allowAgain = () => rmSync(file, { force: true })
  const onSignal = (signal: NodeJS.Signals) => {
    allowAgain()
    process.kill(process.pid, signal)
  }
  for (const signal of SIGNALS) process.once(signal, onSignal)
  try {
    return await act()
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    allowAgain()
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function forbid(file: string): boolean {
  try {
    writeFileSync(file, FORBIDDING, { flag: 'wx', mode: 0o755 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
