// A guess at the slug that the platform will make of a name; the platform decides.

const CYRILLIC = Object.fromEntries(
  ['а a', 'б b', 'в v', 'г g', 'д d', 'е e', 'ё e', 'ж zh', 'з z', 'и i', 'й i', 'к k', 'л l', 'м m', 'н n', 'о o',
    'п p', 'р r', 'с s', 'т t', 'у u', 'ф f', 'х kh', 'ц ts', 'ч ch', 'ш sh', 'щ shch', 'ъ ', 'ы y', 'ь ', 'э e',
    'ю iu', 'я ia'].map((pair) => pair.split(' ')),
);

export function slugOf(name) {
  const latin = [...name.toLowerCase()].map((letter) => CYRILLIC[letter] ?? letter).join('');
  return latin.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^a-z0-9]+/g, '-').slice(0, 40).replace(/^-+|-+$/g, '');
}
