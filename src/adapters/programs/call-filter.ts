/**
 * What a network namespace leaves open: a socket with a name in the file system, also one that was renamed or that another
 * namespace listens on; the host of a virtual machine (`AF_VSOCK`); keyrings, which are handed down; and io_uring, which
 * connects without the call for it. No help needs any of them.
 */
interface Calls {
  /** `AUDIT_ARCH_…` */
  readonly arch: number
  readonly socket: number
  /** Refused altogether: they are not there. */
  readonly absent: readonly number[]
}

const IO_URING_SETUP = 425
/** Bit of the numbers of x32, which would be another way to all of these. */
const X32 = 0x4000_0000

/** The machine's own first, then what else its kernel runs. */
const MACHINES: Partial<Record<NodeJS.Architecture, readonly Calls[]>> = {
  x64: [
    { arch: 0xc000_003e, socket: 41, absent: [248, 249, 250, IO_URING_SETUP] },
    // 102 is socketcall(2), whose arguments cannot be looked at.
    { arch: 0x4000_0003, socket: 359, absent: [102, 286, 287, 288, IO_URING_SETUP] },
  ],
  arm64: [
    { arch: 0xc000_00b7, socket: 198, absent: [217, 218, 219, IO_URING_SETUP] },
    { arch: 0x4000_0028, socket: 281, absent: [309, 310, 311, IO_URING_SETUP] },
  ],
}

/** `AF_INET`, `AF_INET6` and `AF_NETLINK`, all of which end at the network namespace. */
const FAMILIES = [2, 10, 16]

const LOAD = 0x20
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const RETURN = 0x06
/** Offsets in `struct seccomp_data`; the first argument's lower half, on little-endian machines. */
const NUMBER = 0
const ARCH = 4
const FIRST_ARGUMENT = 16
const ALLOW = 0x7fff_0000
const REFUSE = 0x0005_0000
const ENOSYS = 38
const EAFNOSUPPORT = 97

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number]

/**
 * A filter of system calls, as bubblewrap and seccomp(2) take it: `struct sock_filter`, one after the other.
 *
 * @returns null for machines whose numbers are not known here
 * @see seccomp(2)
 */
export function callFilter(machine: NodeJS.Architecture = process.arch): Buffer | null {
  const known = MACHINES[machine]
  if (known === undefined) return null
  const instructions: Instruction[] = [...known.flatMap(one => checked(one)), [RETURN, 0, 0, REFUSE | ENOSYS]]
  const bytes = Buffer.alloc(instructions.length * 8)
  for (const [index, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(ifTrue, index * 8 + 2)
    bytes.writeUInt8(ifFalse, index * 8 + 3)
    bytes.writeUInt32LE(value, index * 8 + 4)
  }
  return bytes
}

function checked({ arch, socket, absent }: Calls): Instruction[] {
  const families = FAMILIES.map((family, index): Instruction => [IF_EQUAL, FAMILIES.length - index, 0, family])
  const ofSocket: Instruction[] = [
    [LOAD, 0, 0, FIRST_ARGUMENT],
    ...families,
    [RETURN, 0, 0, REFUSE | EAFNOSUPPORT],
    [RETURN, 0, 0, ALLOW],
  ]
  const body: Instruction[] = [
    [LOAD, 0, 0, NUMBER],
    [IF_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, REFUSE | ENOSYS],
    ...absent.flatMap((call): Instruction[] => [
      [IF_EQUAL, 0, 1, call],
      [RETURN, 0, 0, REFUSE | ENOSYS],
    ]),
    [IF_EQUAL, 0, ofSocket.length, socket],
    ...ofSocket,
    [RETURN, 0, 0, ALLOW],
  ]
  return [[LOAD, 0, 0, ARCH], [IF_EQUAL, 0, body.length, arch], ...body]
}

const SECCOMP: Partial<Record<NodeJS.Architecture, number>> = { x64: 317, arm64: 277 }

/** `struct sock_fprog`, whose pointer is aligned; a second argument of 1 is `SECCOMP_SET_MODE_FILTER`. */
const BY_PERL =
  '$f = pack "H*", shift; $p = pack "S x![P] P", length($f) / 8, $f; ' +
  '!syscall shift() + 0, 1, 0, $p or die "seccomp: $!\\n"; exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\\n"'

/** Words before a program that may gain no privileges any more; none where perl is missing or the machine is not known. */
export function filteredArgv(perl: string | null): string[] {
  const filter = callFilter()
  const call = SECCOMP[process.arch]
  if (perl === null || filter === null || call === undefined) return []
  return [perl, '-e', BY_PERL, '--', filter.toString('hex'), String(call)]
}
