"""A GTK 3 TextView. Answers text, clear, focused and changed_at on standard input."""

import json
import sys
import time

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402

window = Gtk.Window(title="GTK editor")
window.set_default_size(800, 500)
view = Gtk.TextView(wrap_mode=Gtk.WrapMode.CHAR)
buffer = view.get_buffer()
scrolled = Gtk.ScrolledWindow()
scrolled.add(view)
window.add(scrolled)
changed_at = [0.0]


def changed(_):
    changed_at[0] = time.time()


def answer(*_):
    line = sys.stdin.readline()
    if not line:
        Gtk.main_quit()
        return False
    question = json.loads(line)
    if question == "clear":
        buffer.set_text("")
    answers = {
        "text": lambda: buffer.get_text(buffer.get_start_iter(), buffer.get_end_iter(), True),
        "clear": lambda: True,
        "focused": lambda: window.has_toplevel_focus() and view.has_focus(),
        "changed_at": lambda: changed_at[0],
    }
    sys.stdout.write(json.dumps(answers[question]()) + "\n")
    sys.stdout.flush()
    return True


buffer.connect("changed", changed)
GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, answer)
window.show_all()
view.grab_focus()
window.present()
Gtk.main()
