import {  } from '@kici-dev/sdk';

export enum Tone { Warm = 'warm' }
export const greet = (name: string): string => `${Tone.Warm} hello ${name}`;
