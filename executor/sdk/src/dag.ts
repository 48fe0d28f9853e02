// Checking a graph of needs.

import type { DagNode, DagValidationResult } from '../sdk';

export function validateDag(nodes: readonly DagNode[]): DagValidationResult {
  for (const n of nodes) {
    if (n.needs.includes(n.id)) return { valid: false, error: 'self-reference', nodeId: n.id };
  }
  const ids = new Set(nodes.map((n) => n.id));
  for (const n of nodes) {
    const missingDep = n.needs.find((need) => !ids.has(need));
    if (missingDep !== undefined) return { valid: false, error: 'missing-dependency', nodeId: n.id, missingDep };
  }
  return sort(nodes);
}

/** Kahn's algorithm; nodes become ready in the order in which they were given. */
function sort(nodes: readonly DagNode[]): DagValidationResult {
  const waiting = new Map(nodes.map((n) => [n.id, n.needs.length]));
  const dependents = new Map<string, string[]>();
  for (const n of nodes) {
    for (const need of n.needs) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [n.id]);
      else list.push(n.id);
    }
  }
  const sortedOrder = nodes.filter((n) => n.needs.length === 0).map((n) => n.id);
  for (let i = 0; i < sortedOrder.length; i++) {
    for (const id of dependents.get(sortedOrder[i]!) ?? []) {
      const left = waiting.get(id)! - 1;
      waiting.set(id, left);
      if (left === 0) sortedOrder.push(id);
    }
  }
  const nodesInCycle = nodes.filter((n) => waiting.get(n.id)! > 0).map((n) => n.id);
  return nodesInCycle.length === 0 ? { valid: true, sortedOrder } : { valid: false, error: 'cycle', nodesInCycle };
}
