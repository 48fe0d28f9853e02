export const shared = ['a', 'b'];
