import { right } from './right';
export const left = right + 'l';
