/** Says whether `-m time` takes a time of day: `9:05`, `23:59:59` (time_parse_minutes in extensions/libxt_time.c, 1.8.9). */
export function isTimeOfDay(value: string): boolean {
  const [, hour, minute, second = "0"] = /^(\d+):(\d+)(?::(\d+))?$/.exec(value) ?? [];
  return hour !== undefined && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

/** Says whether `-m time` takes a date, as far as it is given, from 1970 to 2038: `2020-01-31T10:00:00` (time_parse_date). */
export function isDate(value: string): boolean {
  const [, year, month = "1", day = "1", hour = "0", minute = "0", second = "0"] =
    /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?)?$/.exec(value) ?? [];
  const isIn = (text: string, first: number, last: number) => Number(text) >= first && Number(text) <= last;
  if (year === undefined || !isIn(year, 1970, 2038) || !isIn(month, 1, 12) || !isIn(day, 1, 31)) return false;
  return isIn(hour, 0, 23) && isIn(minute, 0, 59) && isIn(second, 0, 59);
}

const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/** Says whether `-m time` takes days of the week: `Mon,Tue` or `1,2` (time_parse_weekdays). Two letters of a name tell. */
export function areWeekdays(value: string): boolean {
  return value.split(",").every((day) => /^[1-7]$/.test(day) || DAYS.some((name) => day.startsWith(name)));
}

/** Says whether `-m time` takes days of the month: `1,15,31` (time_parse_monthdays). */
export function areMonthdays(value: string): boolean {
  return value.split(",").every((day) => /^\d{1,2}$/.test(day) && Number(day) >= 1 && Number(day) <= 31);
}
