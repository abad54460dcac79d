/** How much a rule grants, from nothing to everything. `list` is for keys alone. */
export type Access = 'deny' | 'read' | 'list' | 'write';

const order: readonly Access[] = ['deny', 'read', 'list', 'write'];

export function parseAccess(text: string): Access | undefined {
  const lower = text.toLowerCase();
  return order.find((access) => access === lower);
}

export function grants(access: Access, wanted: Exclude<Access, 'deny'>): boolean {
  return order.indexOf(access) >= order.indexOf(wanted);
}

/** Which of two rules for the same thing counts: the one that denies, else the one that grants more. */
export function prevailing(a: Access, b: Access): Access {
  if (a === 'deny' || b === 'deny') return 'deny';
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
