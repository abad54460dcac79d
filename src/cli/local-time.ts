/** `Monday, 23-Nov-26 03:06:34 UTC`, in the zone of this machine. Source: RFC 850, 2.1.4. */
export function formatLocalTime(date: Date): string {
  const parts = (locale: string): DateParts => {
    const format = new Intl.DateTimeFormat(locale, {
      weekday: 'long',
      day: '2-digit',
      month: 'short',
      year: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'short',
    });
    return Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
  };
  const { weekday, day, month, year, hour, minute, second } = parts('en-US');
  // Each of the two knows names of zones that the other gives as GMT+1.
  const zones = ['en-US', 'en-GB'].map((locale) => parts(locale).timeZoneName ?? '');
  const zone = zones.find((name) => !name.startsWith('GMT')) ?? zones[0];
  return `${weekday}, ${day}-${month}-${year} ${hour}:${minute}:${second} ${zone}`;
}

type DateParts = Partial<Record<Intl.DateTimeFormatPartTypes, string>>;
