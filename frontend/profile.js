import { api } from './shared/api.js';
import { data, localTimes, one, ownFileField, say } from './shared/page.js';
import { attempt, submit, toast } from './shared/toasts.js';

const ME = '/api/users/me';

const form = one('[data-profile-form]');
const saved = { language: form.elements.language.value };
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { name, language, theme } = form.elements;
  const went = await submit(form, () => api('PUT', ME, { name: name.value, language: language.value, theme: theme.value }));
  if (!went) return;
  if (language.value !== saved.language) {
    location.reload();
    return;
  }
  window.Alpine.$data(document.documentElement).switchTheme(theme.value === 'system' ? 'auto' : theme.value);
  toast(say('saved'));
});

const file = one('[data-picture-file]');
ownFileField(file);
one('[data-picture-choose]').addEventListener('click', () => file.click());
file.addEventListener('change', async () => {
  const [image] = file.files;
  file.value = '';
  if (!image) return;
  if (image.size > data.mostBytes) {
    toast(say('pictureTooLarge'), 'bad');
    return;
  }
  await attempt(async () => show(await api('PUT', `${ME}/avatar`, image)), say('pictureSaved'));
});

const remove = one('[data-picture-remove]');
remove.addEventListener('click', async () => {
  const went = await attempt(() => api('DELETE', `${ME}/avatar`), say('pictureGone'));
  if (!went) return;
  show({ avatar: null });
  one('[data-picture-choose]').focus();
});

function show({ avatar }) {
  const picture = one('[data-picture]');
  picture.hidden = !avatar;
  if (avatar) picture.src = avatar;
  one('[data-initial]').hidden = Boolean(avatar);
  remove.hidden = !avatar;
}

localTimes();
