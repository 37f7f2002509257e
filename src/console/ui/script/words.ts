// How times and counts are said.

/** The same words as the service's own: see `span` in words.rs. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 100) return `${s} s`;
  if (s < 6000) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

/** "1 P1 and 2 P3", or nothing. */
export function counted(priorities: number[]): string {
  const count = (priority: number) => priorities.filter((one) => one === priority).length;
  const parts = [1, 2, 3].filter((priority) => count(priority) > 0).map((priority) => `${count(priority)} P${priority}`);
  const last = parts.pop();
  return parts.length > 0 ? `${parts.join(", ")} and ${last}` : (last ?? "");
}

/** What waits for somebody to take it. */
export function untaken(count: number): string {
  return count === 1 ? "One P1 incident that nobody has" : `${count} P1 incidents that nobody has`;
}
