//! What the demo shows: one line a deed, a bar for the copies, a table, and what to try next.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::actors::{Cast, Place, SECRET};
use super::copying::{Done, Journey};
use super::products::Product;
use super::{Afterwards, Progress, REGIONS_APART, Report, Servers};

pub(super) fn title(out: &mut dyn Write, servers: &Servers) -> io::Result<()> {
    let at = match servers {
        Servers::One(endpoint) => endpoint,
        Servers::Apart(_) => "three servers, each with its own database",
    };
    writeln!(
        out,
        "Mimeo's main job, played with the AWS SDK for Rust against {at}.\n"
    )?;
    if let Servers::Apart(endpoints) = servers {
        for (region, endpoint) in REGIONS_APART.iter().zip(endpoints) {
            writeln!(out, "{region:<10}  {endpoint}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A deed of one of the accounts.
pub(super) fn did(out: &mut dyn Write, who: Place, what: &str) -> io::Result<()> {
    writeln!(
        out,
        "{:<5} {} {}  {what}",
        who.role, who.account, who.region
    )
}

/// Shows copies as they come.
pub(super) struct Watch<'a> {
    out: &'a mut dyn Write,
    bar: Option<ProgressBar>,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(
        out: &'a mut dyn Write,
        progress: Progress,
        copies: usize,
    ) -> io::Result<Self> {
        writeln!(out, "\n{copies} copies, all at once:")?;
        let bar = (progress == Progress::Bar).then(|| {
            let style = ProgressStyle::with_template("  [{bar:40}] {pos}/{len}  {msg}");
            let style = style.expect("a test draws it").progress_chars("=> ");
            ProgressBar::new(copies as u64).with_style(style)
        });
        Ok(Self { out, bar })
    }

    pub(super) fn done(
        &mut self,
        product: &Product,
        journey: Journey,
        took: Duration,
    ) -> io::Result<()> {
        let text = format!("{:<8} to {:<16}", product.name, journey.target.to_string());
        match &self.bar {
            Some(bar) => {
                bar.set_message(text);
                bar.inc(1);
                Ok(())
            }
            None => writeln!(self.out, "  {text} {:>6} ms", took.as_millis()),
        }
    }

    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_with_message("done");
        }
    }
}

/// What was copied where. Only copies that were found equal get here.
pub(super) fn table(out: &mut dyn Write, copies: &[Done<'_>]) -> io::Result<()> {
    writeln!(
        out,
        "\n{:<8} {:<14} {:<16} {:<18} {:>8}  {:<9} {:>5}",
        "Product", "From", "To", "Copy", "Versions", "Templates", "ms"
    )?;
    for copy in copies {
        writeln!(
            out,
            "{:<8} {:<14} {:<16} {:<18} {:>8}  {:<9} {:>5}",
            copy.published.product.name,
            copy.journey.source.to_string(),
            copy.journey.target.to_string(),
            copy.product_id,
            copy.published.product.versions.len(),
            "equal",
            copy.took.as_millis(),
        )?;
    }
    Ok(())
}

pub(super) fn verdict(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    writeln!(
        out,
        "\n{} copies with {} versions in {} ms. Tags are those of the source, and the SHA-256 of \
         each\ntemplate is that of the hub's and of the file it was made from.",
        report.copies,
        report.versions,
        report.took.as_millis()
    )
}

/// Commands with real ids: a listing, a look at one copy, and one more copy.
pub(super) fn try_next(
    out: &mut dyn Write,
    cast: &Cast,
    copies: &[Done<'_>],
    afterwards: Afterwards,
) -> io::Result<()> {
    let Some(copy) = copies.last() else {
        return Ok(());
    };
    let (id, arn) = (&copy.product_id, &copy.published.arn);
    let Place {
        account, region, ..
    } = copy.journey.target;
    let endpoint = cast.endpoint(copy.journey.target);
    match afterwards {
        Afterwards::ServerStays => writeln!(out, "\nTry next, while the server runs:\n")?,
        Afterwards::ServerStops => writeln!(
            out,
            "\nTry next, with `mimeo demo{} --keep`, which leaves the server running:\n",
            cast.flag()
        )?,
    }
    writeln!(
        out,
        "  export AWS_ACCESS_KEY_ID={account} AWS_SECRET_ACCESS_KEY={SECRET}
  export AWS_DEFAULT_REGION={region} AWS_ENDPOINT_URL={endpoint}
  aws servicecatalog search-products-as-admin
  aws servicecatalog describe-product-as-admin --id {id}
  aws servicecatalog copy-product --target-product-name once-more \\
      --source-product-arn {arn}

  python3 - <<'END'
  import boto3
  catalog = boto3.client(\"servicecatalog\")
  listed = catalog.list_provisioning_artifacts(ProductId=\"{id}\")
  print([version[\"Name\"] for version in listed[\"ProvisioningArtifactDetails\"]])
  END"
    )
}

#[cfg(test)]
mod tests {
    use super::super::copying::JOURNEYS;
    use super::super::products::PRODUCTS;
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        let mut out = Vec::new();
        let mut watch = Watch::begin(&mut out, Progress::Bar, 1).unwrap();
        watch
            .done(&PRODUCTS[0], JOURNEYS[0], Duration::from_millis(7))
            .unwrap();
        watch.end();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\n1 copies, all at once:\n"
        );
    }

    #[test]
    fn without_a_terminal_each_copy_is_a_line() {
        let mut out = Vec::new();
        let mut watch = Watch::begin(&mut out, Progress::Lines, 9).unwrap();
        watch
            .done(&PRODUCTS[0], JOURNEYS[0], Duration::from_millis(7))
            .unwrap();
        watch.end();
        let shown = String::from_utf8(out).unwrap();
        let last = shown.lines().last().unwrap();
        assert_eq!(last, "  network  to hub eu-west-1         7 ms");
    }
}
