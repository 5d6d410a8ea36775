import { type Held, no, unknown, yes } from './held.ts'
import { DAYS, type Day, type Window } from './rule.ts'

const DAY_MINUTES = 24 * 60
const WEEK_MINUTES = 7 * DAY_MINUTES

/** Whether the clocks of its zone stand inside of a window: an hour that they skip is in none, one that they show twice counts twice. */
export function isOpen(window: Window, at: Date): Held {
  const minute = minuteOfWeek(window.zone, at)
  if (minute === undefined) return unknown(`this machine knows no zone ${window.zone}, or no time`)
  const time = `${window.zone} has ${DAYS[Math.floor(minute / DAY_MINUTES)]} ${clockText(minute % DAY_MINUTES)}`
  const said = `${window.days.join(', ')} ${clockText(window.fromMinute)} to ${clockText(window.toMinute)}`
  return (openMinutes(window) >> BigInt(minute)) % 2n === 1n
    ? yes(`${time}, inside of ${said}`)
    : no(`${time}, outside of ${said}`)
}

/** Minutes of a week in which a window is open, a bit each, Monday 00:00 the lowest: a thousand windows are compared in pairs. */
export function openMinutes({ days, fromMinute, toMinute }: Window): bigint {
  const length = toMinute >= fromMinute ? toMinute - fromMinute : toMinute - fromMinute + DAY_MINUTES
  let open = 0n
  for (const day of days) open |= bits(length) << BigInt(DAYS.indexOf(day) * DAY_MINUTES + fromMinute)
  // What goes on past Sunday belongs to Monday.
  return (open | (open >> BigInt(WEEK_MINUTES))) & bits(WEEK_MINUTES)
}

function bits(count: number): bigint {
  return (1n << BigInt(count)) - 1n
}

/** Undefined for a zone without data, and for an instant that is none. */
function minuteOfWeek(zone: string, at: Date): number | undefined {
  // An offset is no zone: it knows no summer.
  if (!/^[A-Za-z]/.test(zone) || Number.isNaN(at.getTime())) return undefined
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const day = DAYS.indexOf(parts.get('weekday')!.toLowerCase() as Day)
    return day * DAY_MINUTES + Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

function clockText(minute: number): string {
  const two = (part: number) => String(part).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
