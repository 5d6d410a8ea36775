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

/** `AF_INET`, `AF_INET6` and `AF_NETLINK`, all of which end at a network namespace. */
const OF_NAMESPACE = [2, 10, 16]
/** Where there is none. */
const NO_FAMILY: readonly number[] = []

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
 * @param network - `own` where a namespace ends it; else there are no sockets at all but those of a pair
 * @returns null for machines whose numbers are not known here
 * @see seccomp(2)
 */
export function callFilter(network: 'own' | 'shared', machine: NodeJS.Architecture = process.arch): Buffer | null {
  const known = MACHINES[machine]
  if (known === undefined) return null
  const families = network === 'own' ? OF_NAMESPACE : NO_FAMILY
  const instructions: Instruction[] = [...known.flatMap(one => checked(one, families)), [RETURN, 0, 0, REFUSE | ENOSYS]]
  const bytes = Buffer.alloc(instructions.length * 8)
  for (const [index, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(ifTrue, index * 8 + 2)
    bytes.writeUInt8(ifFalse, index * 8 + 3)
    bytes.writeUInt32LE(value, index * 8 + 4)
  }
  return bytes
}

function checked({ arch, socket, absent }: Calls, allowed: readonly number[]): Instruction[] {
  const families = allowed.map((family, index): Instruction => [IF_EQUAL, allowed.length - index, 0, family])
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

/** seccomp(2) and prctl(2). */
const NUMBERS: Partial<Record<NodeJS.Architecture, readonly [number, number]>> = { x64: [317, 157], arm64: [277, 167] }

/** `PR_SET_NO_NEW_PRIVS` is 38, `SECCOMP_SET_MODE_FILTER` 1; the pointer in `struct sock_fprog` is aligned. */
const BY_PERL =
  '($c, $n, $f) = (shift() + 0, shift() + 0, pack "H*", shift); $p = pack "S x![P] P", length($f) / 8, $f; ' +
  '!syscall $n, 38, 1, 0, 0, 0 and !syscall $c, 1, 0, $p or die "seccomp: $!\\n"; exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\\n"'

/** Words before a program that it gains no privileges after; none where perl is missing or the machine is not known. */
export function filteredArgv(perl: string | null, network: 'own' | 'shared'): string[] {
  const filter = callFilter(network)
  const numbers = NUMBERS[process.arch]
  if (perl === null || filter === null || numbers === undefined) return []
  return [perl, '-e', BY_PERL, '--', ...numbers.map(String), filter.toString('hex')]
}
