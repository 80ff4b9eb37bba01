// Ctrl+Enter, or ⌘+Enter on a Mac, sends the form.

export function sendOnShortcut(form) {
  const onMac = navigator.platform.startsWith("Mac");
  const hint = document.getElementById("shortcut");
  if (onMac) hint.querySelector("kbd").textContent = "⌘";
  hint.hidden = false;

  form.elements.text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}
