/** A member as bytes on tape, sound or not. It shares no code with the reader, so a mistake would not agree with itself. */
export interface CraftedMember {
  readonly name: string
  /** @defaultValue '0', a file */
  readonly type?: string
  readonly mode?: number
  readonly link?: string
  readonly data?: string | Uint8Array
  /** The size field, where it should differ from the data; text is written as it is. */
  readonly size?: number | string
  /** Pax records in front of the member. */
  readonly pax?: Readonly<Record<string, string>>
  /** Written over the finished header, before its checksum. */
  readonly patch?: (header: Buffer) => void
  /** @defaultValue the POSIX mark and version */
  readonly magic?: string
}

const BLOCK = 512

export function craftTar(members: readonly CraftedMember[], options: { readonly end?: boolean } = {}): Buffer {
  const end = options.end === false ? [] : [Buffer.alloc(2 * BLOCK)]
  return Buffer.concat([...members.map(craftMember), ...end])
}

function craftMember(member: CraftedMember): Buffer {
  const data = Buffer.from(member.data ?? '')
  const pax = member.pax === undefined ? [] : [craftPax(member.pax)]
  return Buffer.concat([...pax, craftHeader(member, data.length), padded(data)])
}

/** One pax record with its own length in front. */
export function paxRecord(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`
  const bytes = Buffer.byteLength(rest, 'latin1')
  let length = bytes + 1
  while (String(length).length + bytes !== length) length = String(length).length + bytes
  return `${length}${rest}`
}

function craftPax(records: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(records)
    .map(([keyword, value]) => paxRecord(keyword, value))
    .join('')
  return craftMember({ name: 'pax', type: 'x', data: Buffer.from(text, 'latin1') })
}

function craftHeader(member: CraftedMember, dataBytes: number): Buffer {
  const header = Buffer.alloc(BLOCK)
  const size = member.size ?? dataBytes
  header.write(member.name, 0, 100, 'latin1')
  header.write(octal(member.mode ?? 0o644, 8), 100, 'latin1')
  header.write(octal(0, 8), 108, 'latin1')
  header.write(octal(0, 8), 116, 'latin1')
  header.write(typeof size === 'string' ? size : octal(size, 12), 124, 12, 'latin1')
  header.write(octal(1_700_000_000, 12), 136, 'latin1')
  header.write(member.type ?? '0', 156, 1, 'latin1')
  header.write(member.link ?? '', 157, 100, 'latin1')
  header.write(member.magic ?? 'ustar\x0000', 257, 'latin1')
  member.patch?.(header)
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)])
}
