/** Starts to count the milliseconds that processors spend on this process: however busy the machine is, work is work. */
export function processorTime(): () => number {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
}
