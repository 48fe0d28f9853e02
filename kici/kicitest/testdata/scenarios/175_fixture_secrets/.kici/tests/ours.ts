import { fixture, push } from '@kici-dev/sdk';

export const release = fixture('release', { event: push(), branch: 'release/2', secrets: { db: 'test-db' } });
