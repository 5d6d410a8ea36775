import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** More than a handshake has that a client library accepts. */
const MOST_BYTES = 256 * 1024

/** A connection on which TLS can be spoken, and which keeps what the server said first. */
export class Tap extends Duplex {
  readonly #socket: Socket
  readonly #heard: Buffer[] = []
  #heardBytes = 0
  #keeping = true

  constructor(socket: Socket) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#keep(chunk)
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', error => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  /** Bytes that came from the server, whether they were kept or not. */
  get heardBytes(): number {
    return this.#heardBytes
  }

  heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  stopKeeping(): void {
    this.#keeping = false
  }

  #keep(chunk: Buffer): void {
    this.#heardBytes += chunk.length
    if (this.#keeping && this.#heardBytes <= MOST_BYTES) this.#heard.push(chunk)
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#socket.write(chunk, callback)
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.destroy()
    callback(error)
  }
}
