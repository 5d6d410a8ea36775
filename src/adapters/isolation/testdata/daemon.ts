/** A daemon with a choice of manners: `node daemon.ts PORT MANNER [WORD…]`. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'

const [port, manner, word] = process.argv.slice(2)

if (manner === 'exits') {
  process.stderr.write('cannot read the configuration\n')
  process.exit(3)
}
if (manner === 'ignores-sigterm') process.on('SIGTERM', () => {})
if (manner === 'leaves-grandchild') {
  // Its own session, its parent gone at once: no process group and no parent leads to it any more.
  spawn('/bin/sh', ['-c', 'setsid sleep 300 & exit 0'], { detached: true, stdio: 'ignore' })
}
if (manner === 'writes') writeFileSync(word!, 'written by the daemon')
if (manner === 'chatters') process.stdout.write('x'.repeat(100_000))

if (manner === 'never-listens') {
  setInterval(() => {}, 60_000)
} else if (manner === 'never-answers') {
  createTcpServer(() => {}).listen(Number(port), '127.0.0.1')
} else {
  createServer((request, response) => {
    if (request.url === '/environment') response.end(JSON.stringify(process.env))
    else if (request.url === '/redirect') response.writeHead(307, { location: '/environment' }).end()
    else if (request.url === '/big') response.end('x'.repeat(100_000))
    else if (request.url === '/slow') response.write('never ')
    else if (request.url === '/unready') response.writeHead(503).end('not yet')
    else if (request.url === '/headers') response.end(JSON.stringify(request.headers))
    else if (request.url === '/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let id = 0
      const timer = setInterval(() => response.write(`id: ${++id}\n\n`), 5)
      response.once('close', () => clearInterval(timer))
    } else response.end('ready')
  }).listen(Number(port), '127.0.0.1')
}
