import { createServer } from 'node:net'

/** Nothing else listens in a network namespace that was just made, and the kernel hands out none this low by itself. */
export const PORT_IN_NAMESPACE = 4000
/** The first of more ports, likewise. */
export const TUNNELS_IN_NAMESPACE = 4100

/** A port of 127.0.0.1 that was free a moment ago; somebody may take it before the daemon does. */
export function choosePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no address')),
      )
    })
  })
}

/** The ways runtimes report EADDRINUSE: libc, Node, Rust, Go, Python. */
export function saysPortTaken(output: string): boolean {
  return /EADDRINUSE|address already in use|os error 98/i.test(output)
}
