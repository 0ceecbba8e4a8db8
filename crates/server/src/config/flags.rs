//! Flags of the commands that read a configuration.

use clap::{Arg, ArgAction};

use super::{SETTINGS, Setting};

/// The flags of `mimeo serve`.
pub fn flags() -> Vec<Arg> {
    let flag = |setting: &Setting| {
        let name = setting.flag?;
        let mut help = format!("{} [{}]", setting.meaning, setting.variable());
        let arg = Arg::new(setting.key).long(name);
        if setting.is_switch() {
            return Some(arg.action(ArgAction::SetTrue).help(help));
        }
        if !setting.default.is_empty() {
            help = format!("{help} [default: {}]", setting.default);
        }
        Some(arg.value_name(setting.value).help(help))
    };
    SETTINGS.iter().filter_map(flag).collect()
}

/// Those of the flags that say where the store is and what it is opened with.
pub fn store_flags() -> Vec<Arg> {
    flags_of(&["config", "data", "identities.key_file"])
}

/// The flags that say where a catalogue is, for commands that need nobody's keys.
pub fn upkeep_flags() -> Vec<Arg> {
    flags_of(&["config", "data"])
}

fn flags_of(keys: &[&str]) -> Vec<Arg> {
    let mut flags = flags();
    flags.retain(|flag| keys.contains(&flag.get_id().as_str()));
    flags
}
