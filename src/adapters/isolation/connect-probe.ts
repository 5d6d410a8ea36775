import { connect } from 'node:net'
import type { ProbeOptions, ProbeResult } from '../../model/instance.ts'

/**
 * Tries to open a TCP connection and closes it at once. Run inside a barrier it asks whether there is a way out; run
 * outside it shows that the question can be answered with yes.
 */
export function connectProbe({ host, port, timeoutMs = 1_000 }: ProbeOptions): Promise<ProbeResult> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const settle = (result: ProbeResult) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => settle({ outcome: 'no-answer', code: 'ETIMEDOUT' }), timeoutMs)
    socket.once('connect', () => settle({ outcome: 'connected', code: '' }))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'UNKNOWN'
      if (code === 'ECONNREFUSED') settle({ outcome: 'refused', code })
      else if (code === 'ETIMEDOUT') settle({ outcome: 'no-answer', code })
      else settle({ outcome: 'unreachable', code })
    })
  })
}
